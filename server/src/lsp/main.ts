/**
 * The server as a program of its own, `server.mjs`: an editor's client starts it over Node IPC, or with `--stdio`.
 * Nothing may import this module: it starts to serve when it is loaded.
 */
import { startServer } from './start.js';

startServer();
