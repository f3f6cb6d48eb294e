/**
 * The VS Code extension's entry. Placeholder until the client arrives.
 */

/** Called by the editor. */
export function activate(): void {}
