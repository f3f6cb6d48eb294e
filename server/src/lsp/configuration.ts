/**
 * What is set in the client, asked for a document at a time (`workspace/configuration`), cached until they change or the
 * document is closed. Clients without that request give one record for all at start or on change. Must not know what
 * the settings mean: the schema is the host's.
 */
import { type GivenSettings, readGiven, SETTINGS } from '../host/settings.js';

export interface ConfigurationOptions {
  /** Asks the client for the settings of a resource; null where the client cannot be asked. */
  readonly ask: ((uri: string) => Promise<unknown>) | null;
  /** A setting could not be understood; said once a text. */
  readonly problem: (text: string) => void;
}

/** The settings of each open document. */
export class Configuration {
  readonly #options: ConfigurationOptions;
  readonly #cache = new Map<string, Promise<GivenSettings>>();
  readonly #said = new Set<string>();
  #shared: unknown;

  constructor(options: ConfigurationOptions, shared: unknown) {
    this.#options = options;
    this.#shared = shared;
  }

  /** What somebody set for a resource. Never rejects: where the client does not answer, nothing is set. */
  of(uri: string): Promise<GivenSettings> {
    let settings = this.#cache.get(uri);
    if (settings === undefined) {
      settings = this.#fetch(uri);
      this.#cache.set(uri, settings);
    }
    return settings;
  }

  /** The client says that settings have changed, perhaps with the new ones. */
  changed(shared: unknown): void {
    if (shared !== undefined && shared !== null) this.#shared = shared;
    this.#cache.clear();
  }

  closed(uri: string): void {
    this.#cache.delete(uri);
  }

  async #fetch(uri: string): Promise<GivenSettings> {
    let raw: unknown = this.#shared;
    if (this.#options.ask !== null) {
      try {
        raw = await this.#options.ask(uri);
      } catch (error) {
        this.#say(`settings could not be read, defaults are used: ${String(error)}`);
      }
    }
    const { given, problems } = readGiven(raw, SETTINGS);
    for (const { text } of problems) this.#say(`lockwalk.${text}; the default is used`);
    return given;
  }

  #say(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#options.problem(text);
  }
}
