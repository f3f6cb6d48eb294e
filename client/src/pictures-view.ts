/**
 * The pictures: one panel beside the text, which shows the lock timeline of the function at the cursor, the life cycle with its method
 * lit, or the lock order of its directory. A click goes to the line, the cursor lights the row. Everything in it comes from the server;
 * what is shown is in `pictures-page.ts`.
 */
import {
  commands,
  Disposable,
  type ExtensionContext,
  ProgressLocation,
  Selection,
  type TextEditor,
  TextEditorRevealType,
  Uri,
  ViewColumn,
  type WebviewPanel,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  PICTURE_REQUEST,
  type PictureKind,
  type PictureParams,
  type PictureReply,
} from '../../server/src/lsp/protocol.js';
import { SHOW_LIFE_CYCLE, SHOW_LOCK_ORDER, SHOW_TIMELINE } from './command-ids.js';
import { type FromPage, page, problemPage } from './pictures-page.js';

/** The cursor lights a row after this pause, and another function or text is drawn after that one. */
const FOLLOW_MS = 60;
const REDRAW_MS = 450;

/** The panel and its commands. */
export class Pictures extends Disposable {
  #panel: WebviewPanel | null = null;
  #kind: PictureKind = 'timeline';
  #shown: PictureReply | null = null;
  /** Where the picture was asked for. */
  #uri: Uri | null = null;
  #line = 0;
  #situation = -1;
  #object: string | undefined;
  #timer: NodeJS.Timeout | null = null;
  /** Counts questions: only the last one's answer is shown. */
  #asked = 0;
  readonly #client: () => LanguageClient | null;
  readonly #parts: Disposable[] = [];

  constructor(_context: ExtensionContext, client: () => LanguageClient | null) {
    super(() => {
      for (const part of this.#parts) part.dispose();
      this.#panel?.dispose();
      if (this.#timer !== null) clearTimeout(this.#timer);
    });
    this.#client = client;
    const command = (id: string, kind: PictureKind): Disposable =>
      commands.registerCommand(id, () => this.#show(kind));
    this.#parts.push(
      command(SHOW_TIMELINE, 'timeline'),
      command(SHOW_LIFE_CYCLE, 'life-cycle'),
      command(SHOW_LOCK_ORDER, 'lock-order'),
      window.onDidChangeTextEditorSelection(({ textEditor }) => this.#follow(textEditor)),
      window.onDidChangeActiveTextEditor((editor) => editor !== undefined && this.#follow(editor)),
      workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.toString() === this.#uri?.toString() && this.#kind === 'timeline')
          this.#later(REDRAW_MS, () => void this.#draw());
      }),
    );
  }

  async #show(kind: PictureKind): Promise<void> {
    const editor = window.activeTextEditor;
    this.#kind = kind;
    this.#situation = -1;
    this.#object = undefined;
    if (editor !== undefined) this.#at(editor);
    this.#open();
    await this.#draw();
  }

  #at(editor: TextEditor): void {
    this.#uri = editor.document.uri;
    this.#line = editor.selection.active.line;
  }

  #open(): void {
    if (this.#panel !== null) {
      this.#panel.reveal(undefined, true);
      return;
    }
    const panel = window.createWebviewPanel(
      'lockwalk.pictures',
      'Lockwalk',
      { viewColumn: ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [], retainContextWhenHidden: false },
    );
    panel.onDidDispose(() => {
      this.#panel = null;
      this.#shown = null;
    });
    panel.webview.onDidReceiveMessage((message: FromPage) => void this.#receive(message));
    this.#panel = panel;
  }

  /** Asks for the picture at hand and shows it. */
  async #draw(): Promise<void> {
    const panel = this.#panel;
    const uri = this.#uri;
    if (panel === null) return;
    const client = this.#client();
    if (uri === null || client?.isRunning() !== true) {
      panel.webview.html = problemPage('Open a C file of a kernel tree first.', this.#kind);
      return;
    }
    const asked = ++this.#asked;
    const params: PictureParams = {
      kind: this.#kind,
      uri: client.code2ProtocolConverter.asUri(uri),
      line: this.#line,
      situation: this.#situation,
      ...(this.#object === undefined ? {} : { object: this.#object }),
    };
    const ask = (): Promise<PictureReply | null> =>
      client.sendRequest<PictureReply | null>(PICTURE_REQUEST, params);
    let reply: PictureReply | null;
    try {
      reply = await window.withProgress(
        { location: ProgressLocation.Window, title: 'Lockwalk: drawing' },
        ask,
      );
    } catch {
      return; // cancelled, or the server ended: the next move of the cursor asks again
    }
    if (asked !== this.#asked || this.#panel !== panel) return;
    if (reply === null || reply.problem !== null) {
      this.#shown = null;
      panel.webview.html = problemPage(reply?.problem ?? 'No picture: see the output channel.', this.#kind);
      return;
    }
    this.#shown = reply;
    panel.title = reply.title;
    panel.webview.html = page(reply, this.#line + 1);
  }

  /** The cursor moved. */
  #follow(editor: TextEditor): void {
    if (this.#panel?.visible !== true || this.#kind !== 'timeline' || editor.document.languageId !== 'c')
      return;
    const line = editor.selection.active.line + 1;
    const shown = this.#shown;
    const same = editor.document.uri.toString() === this.#uri?.toString();
    const inside = shown !== null && same && line >= shown.firstLine && line <= shown.lastLine;
    if (inside) {
      this.#line = line - 1;
      this.#later(FOLLOW_MS, () => void this.#panel?.webview.postMessage({ line }));
      return;
    }
    this.#later(REDRAW_MS, () => {
      this.#at(editor);
      this.#situation = -1;
      void this.#draw();
    });
  }

  #later(ms: number, then: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  async #receive(message: FromPage): Promise<void> {
    switch (message.type) {
      case 'go':
        return this.#go(message.file ?? this.#shown?.file ?? null, message.line);
      case 'situation':
        this.#situation = message.situation;
        return this.#draw();
      case 'object':
        this.#object = message.object;
        return this.#draw();
      case 'kind':
        this.#kind = message.kind;
        this.#object = undefined;
        return this.#draw();
      case 'save':
        return this.#save();
      default:
        return message satisfies never;
    }
  }

  async #go(file: string | null, line: number): Promise<void> {
    const root = this.#shown?.root ?? '';
    if (file === null || root === '' || line < 1) return;
    const uri = Uri.joinPath(Uri.parse(root), file);
    const visible = window.visibleTextEditors.find(
      (editor) => editor.document.uri.toString() === uri.toString(),
    );
    const column = visible?.viewColumn ?? ViewColumn.One;
    const editor = await window.showTextDocument(uri, { viewColumn: column });
    const at = editor.document.lineAt(Math.min(line, editor.document.lineCount) - 1);
    const start = at.range.start.translate(0, at.firstNonWhitespaceCharacterIndex);
    editor.selection = new Selection(start, start);
    editor.revealRange(at.range, TextEditorRevealType.InCenterIfOutsideViewport);
  }

  async #save(): Promise<void> {
    const shown = this.#shown;
    if (shown === null) return;
    const name = `${shown.title.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '')}.svg`;
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const target = await window.showSaveDialog({
      filters: { SVG: ['svg'] },
      ...(folder === undefined ? {} : { defaultUri: Uri.joinPath(folder, name) }),
    });
    if (target !== undefined) await workspace.fs.writeFile(target, new TextEncoder().encode(shown.svg));
  }
}
