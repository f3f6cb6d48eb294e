-- A second client, by another author's reading of the protocol: neovim's own, over stdio. FILE lies in a kernel tree and
-- has one finding of RULE on the line that holds TEXT; the file is written. Run with
--   nvim --headless --clean -n -i NONE -c 'luafile neovim.lua'
local env, fails = vim.env, 0
local function check(name, ok, detail)
  if not ok then fails = fails + 1 end
  io.stdout:write((ok and 'ok   ' or 'FAIL ') .. name .. (detail and (' - ' .. detail) or '') .. '\n')
end

local ran, err = pcall(function()
  vim.cmd('edit ' .. vim.fn.fnameescape(env.FILE))
  vim.bo.filetype = 'c'
  local buf = vim.api.nvim_get_current_buf()
  local id = vim.lsp.start_client({ name = 'lockwalk', cmd = { env.NODE, env.SERVER, 'lsp', '--stdio' }, root_dir = env.ROOT })
  vim.lsp.buf_attach_client(buf, id)
  local function found()
    return vim.tbl_filter(function(d) return d.code == env.RULE or (d.user_data or {}).lsp ~= nil and d.user_data.lsp.code == env.RULE end,
      vim.diagnostic.get(buf))
  end
  vim.wait(20000, function() return #found() > 0 end, 50)
  local first = found()[1]
  check('diagnostics', first ~= nil, first and first.message)
  if first == nil then return end
  vim.api.nvim_win_set_cursor(0, { first.lnum + 1, first.col })
  local function request(method, params)
    local reply = (vim.lsp.buf_request_sync(buf, method, params, 10000) or {})[id]
    if reply and reply.error then error(vim.inspect(reply.error)) end
    return reply and reply.result
  end
  local hover = request('textDocument/hover', vim.lsp.util.make_position_params())
  local text = hover and table.concat(vim.lsp.util.convert_input_to_markdown_lines(hover.contents), ' ') or ''
  check('hover', text:find('sleep') ~= nil, text:sub(1, 120))
  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics(buf) }
  local actions = request('textDocument/codeAction', params) or {}
  check('code action', #actions > 0, actions[1] and actions[1].title)
  vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(id).offset_encoding)
  vim.cmd('silent write')
  vim.wait(20000, function() return #found() == 0 end, 50)
  check('gone after the fix', #found() == 0)
  vim.lsp.stop_client(id)
  vim.wait(5000, function() return vim.lsp.client_is_stopped(id) end, 50)
  check('server stopped', vim.lsp.client_is_stopped(id))
end)
if not ran then fails = fails + 1; io.stdout:write('FAIL exception: ' .. tostring(err) .. '\n') end
vim.cmd(fails == 0 and 'qall!' or 'cquit 1')
