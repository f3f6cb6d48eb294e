/**
 * What this build is: version, hash of the engine's sources, hash of the WASM files. The first two are put in by the
 * bundler; compiled code that is not bundled says so.
 */
import { wasmHash } from './assets.js';

declare const LOCKWALK_VERSION: string | undefined;
declare const LOCKWALK_ENGINE_HASH: string | undefined;

/** Identity of this build. */
export interface BuildIdentity {
  readonly version: string;
  readonly engine: string;
  readonly wasm: string;
}

/** Version of the program. */
export const VERSION: string = typeof LOCKWALK_VERSION === 'string' ? LOCKWALK_VERSION : '0.0.0-unbundled';

/** Whether this is a bundle, whose engine has a hash: other code changes without anybody noticing. */
export const IS_BUNDLED: boolean = typeof LOCKWALK_ENGINE_HASH === 'string';

/** Identity of this build; reads the WASM files. */
export function buildIdentity(): BuildIdentity {
  return {
    version: VERSION,
    engine: typeof LOCKWALK_ENGINE_HASH === 'string' ? LOCKWALK_ENGINE_HASH : 'unbundled',
    wasm: wasmHash() ?? 'missing',
  };
}
