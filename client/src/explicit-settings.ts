/**
 * What the server is told of the settings: those that somebody has set, and no defaults, so that a tree's own `.lockwalk.json`
 * has a say. Must not know what the settings mean.
 */
import { Uri, workspace } from 'vscode';
import type { ConfigurationRequest } from 'vscode-languageclient/node';

const SECTION = 'lockwalk';

/** Takes the defaults out of the answers to `workspace/configuration`. */
export const explicitSettings: ConfigurationRequest.MiddlewareSignature = async (params, token, next) => {
  const answer = await next(params, token);
  if (!Array.isArray(answer)) return answer;
  return answer.map((value: unknown, index) => {
    const item = params.items[index];
    return item?.section === SECTION ? onlySet(value, item.scopeUri) : value;
  });
};

function onlySet(value: unknown, scope: string | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const configuration = workspace.getConfiguration(SECTION, scope === undefined ? null : Uri.parse(scope));
  const isSet = (key: string): boolean =>
    Object.entries(configuration.inspect(key) ?? {}).some(
      ([where, set]) => where.endsWith('Value') && !where.startsWith('default') && set !== undefined,
    );
  return Object.fromEntries(Object.entries(value).filter(([key]) => isSet(key)));
}
