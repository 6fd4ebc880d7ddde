/** Lifetimes of C++ objects: what SEAL hands out lives outside of the garbage collector and leaks unless it is deleted.
 *  @module */

/** An object that is freed by hand. */
export interface Handle {
  delete(): void;
}

/** Handles that end together: `using scope = openHandles()` ends them with the block, also when it throws. */
export interface HandleScope extends Disposable {
  /** Registers a handle and gives it back. */
  readonly keep: <T extends Handle>(handle: T) => T;
  /** Deletes what was kept, the latest first. Once or more. */
  close(): void;
}

/** Opens a scope. One that must outlive its block is not bound by `using`, and closed by its owner. */
export function openHandles(): HandleScope {
  const handles: Handle[] = [];
  const close = (): void => {
    for (let handle = handles.pop(); handle !== undefined; handle = handles.pop()) handle.delete();
  };
  return {
    keep: (handle) => {
      handles.push(handle);
      return handle;
    },
    close,
    [Symbol.dispose]: close,
  };
}
