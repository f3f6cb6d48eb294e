/**
 * The log as the language client's trace sees it. The client traces only where a channel's level says Trace, which nobody
 * finds; here `lockwalk.trace.server` is enough, and the lines are seen at the log's usual level.
 */
import { type Disposable, EventEmitter, LogLevel, type LogOutputChannel, workspace } from 'vscode';

const SETTING = 'lockwalk.trace.server';

function isTraced(): boolean {
  return workspace.getConfiguration().get<string>(SETTING, 'off') !== 'off';
}

/** A channel that writes into `output`, and what ends it. */
export function traceChannel(output: LogOutputChannel): LogOutputChannel & Disposable {
  const levels = new EventEmitter<LogLevel>();
  const level = (): LogLevel => (isTraced() ? LogLevel.Trace : output.logLevel);
  const listening = [
    levels,
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SETTING)) levels.fire(level());
    }),
    output.onDidChangeLogLevel(() => levels.fire(level())),
  ];
  return {
    name: output.name,
    get logLevel() {
      return level();
    },
    onDidChangeLogLevel: levels.event,
    trace: (text, ...more) =>
      output.logLevel <= LogLevel.Trace ? output.trace(text, ...more) : output.info(text, ...more),
    debug: (text, ...more) => output.debug(text, ...more),
    info: (text, ...more) => output.info(text, ...more),
    warn: (text, ...more) => output.warn(text, ...more),
    error: (text, ...more) => output.error(text, ...more),
    append: (text) => output.append(text),
    appendLine: (text) => output.appendLine(text),
    replace: (text) => output.replace(text),
    clear: () => output.clear(),
    show: () => output.show(),
    hide: () => output.hide(),
    dispose: () => {
      for (const one of listening) one.dispose();
    },
  };
}
