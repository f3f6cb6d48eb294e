/**
 * A walk through a tree without the JavaScript cursor between. `TreeCursor` copies its four words into WASM memory before
 * every question and back after every step, a third of the cost of reading a tree; here the cursor stays where the C code
 * keeps it. The only module that knows the binding's C functions: they belong to the version that package.json pins.
 */
import type { Tree, TreeCursor } from 'web-tree-sitter';

/** The C functions of the binding that a walk needs, as the module exports them. All take the tree's address. */
export interface CursorBinding {
  readonly HEAP32: Int32Array;
  _ts_init(): number;
  _ts_tree_cursor_goto_first_child_wasm(tree: number): number;
  _ts_tree_cursor_goto_next_sibling_wasm(tree: number): number;
  _ts_tree_cursor_goto_parent_wasm(tree: number): number;
  _ts_tree_cursor_current_node_type_id_wasm(tree: number): number;
  _ts_tree_cursor_current_node_is_missing_wasm(tree: number): number;
  _ts_tree_cursor_current_field_id_wasm(tree: number): number;
  _ts_tree_cursor_start_index_wasm(tree: number): number;
  _ts_tree_cursor_end_index_wasm(tree: number): number;
}

/** Words of a cursor in WASM memory. */
const CURSOR_WORDS = 4;

/** One walk at a time: the binding has one place for a cursor, and any other call of the binding takes it. */
export class TreeWalk {
  private readonly cursor: TreeCursor;
  private readonly tree: number;

  /** Begins at the root. `transfer` is what `_ts_init` gave. End it with `done`. */
  constructor(
    private readonly c: CursorBinding,
    private readonly transfer: number,
    tree: Tree,
  ) {
    this.tree = (tree as unknown as { readonly 0: number })[0];
    this.cursor = tree.walk(); // leaves its words in the place that the C functions read
  }

  firstChild(): boolean {
    return this.c._ts_tree_cursor_goto_first_child_wasm(this.tree) === 1;
  }

  nextSibling(): boolean {
    return this.c._ts_tree_cursor_goto_next_sibling_wasm(this.tree) === 1;
  }

  parent(): boolean {
    return this.c._ts_tree_cursor_goto_parent_wasm(this.tree) === 1;
  }

  typeId(): number {
    return this.c._ts_tree_cursor_current_node_type_id_wasm(this.tree);
  }

  isMissing(): boolean {
    return this.c._ts_tree_cursor_current_node_is_missing_wasm(this.tree) === 1;
  }

  fieldId(): number {
    return this.c._ts_tree_cursor_current_field_id_wasm(this.tree);
  }

  /** UTF-16 offset. */
  start(): number {
    return this.c._ts_tree_cursor_start_index_wasm(this.tree);
  }

  /** UTF-16 offset. */
  end(): number {
    return this.c._ts_tree_cursor_end_index_wasm(this.tree);
  }

  /** Gives the cursor's memory back. */
  done(): void {
    const words = this.cursor as unknown as number[];
    const at = this.transfer >> 2;
    for (let i = 0; i < CURSOR_WORDS; i++) words[i] = this.c.HEAP32[at + i] as number;
    this.cursor.delete();
  }
}
