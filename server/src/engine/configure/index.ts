/** The door of `configure`: what later rooms may use. */
export {
  type ConfigProblem,
  type ConfigValue,
  defaultConfig,
  fromValues,
  type KernelConfig,
  parseDotConfig,
} from './config.js';
export { type Configured, type ConfigureProblem, configure } from './configure.js';
