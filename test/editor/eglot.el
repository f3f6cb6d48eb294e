;; A third client, Emacs' eglot over stdio. FILE lies in a kernel tree and has one finding of RULE, which the first code action
;; mends; the file is written. Run with
;;   emacs -q --batch -l eglot.el
;; (-q, not -Q: -Q hides Debian's elpa packages). NODE, SERVER, ROOT, FILE and RULE come from the environment.
(require 'package)
(package-initialize)
(require 'cl-lib)
(require 'eglot)
(require 'flymake)

(defvar fails 0)

(defun check (name ok &optional detail)
  (unless ok (setq fails (1+ fails)))
  (princ (format "%s %s%s\n" (if ok "ok  " "FAIL") name
                 (if detail (format " - %s" (replace-regexp-in-string "\n" " " (format "%s" detail))) ""))))

(defun wait-for (ready seconds)
  "Lets the server speak until READY gives something; its last answer."
  (let ((end (+ (float-time) seconds)) (answer nil))
    (while (and (not (setq answer (funcall ready))) (< (float-time) end))
      (accept-process-output nil 0.1))
    answer))

(defun lsp-diagnostics ()
  "What the server said of this buffer, as it said it."
  (flymake-start)
  (cl-loop for d in (flymake-diagnostics)
           for lsp = (cdr (assoc 'eglot-lsp-diag (eglot--diag-data d)))
           when (equal (plist-get lsp :code) (getenv "RULE")) collect (cons d lsp)))

(defun project-of-the-test (_) (cons 'transient (file-name-as-directory (getenv "ROOT"))))

(condition-case err
    (let ((eglot-sync-connect 30) (eglot-autoshutdown nil)
          (project-find-functions '(project-of-the-test)))
      (add-to-list 'eglot-server-programs
                   `(c-mode . (,(getenv "NODE") ,(getenv "SERVER") "lsp" "--stdio")))
      (find-file (getenv "FILE"))
      (c-mode)
      (call-interactively #'eglot)
      (let* ((server (eglot-current-server))
             (found (car (wait-for #'lsp-diagnostics 60))))
        (check "diagnostics" found (and found (flymake-diagnostic-text (car found))))
        (goto-char (flymake-diagnostic-beg (car found)))
        (let* ((reply (jsonrpc-request server :textDocument/hover (eglot--TextDocumentPositionParams)))
               (said (plist-get (plist-get reply :contents) :value)))
          (check "hover" (and said (string-match-p "sleep" said))
                 (and said (substring said 0 (min 120 (length said))))))
        (let* ((range (plist-get (cdr found) :range))
               (actions (jsonrpc-request
                         server :textDocument/codeAction
                         (list :textDocument (eglot--TextDocumentIdentifier) :range range
                               :context `(:diagnostics [,(cdr found)]))))
               (action (and (> (length actions) 0) (aref actions 0))))
          (check "code action" action (plist-get action :title))
          (eglot--apply-workspace-edit (plist-get action :edit))
          (save-buffer))
        (check "gone after the fix" (wait-for (lambda () (null (lsp-diagnostics))) 60))
        (eglot-shutdown server)
        (check "server stopped" (wait-for (lambda () (not (jsonrpc-running-p server))) 30))))
  (error (setq fails (1+ fails)) (princ (format "FAIL exception: %S\n" err))))
(kill-emacs (if (= fails 0) 0 1))
