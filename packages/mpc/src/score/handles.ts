/** Lifetimes of C++ objects: what SEAL hands out lives outside of the garbage collector and leaks unless it is deleted.
 *  @module */

/** An object that is freed by hand. */
export interface Handle {
  delete(): void;
}

/** Registers a handle with its scope and gives it back. */
export type Keep = <T extends Handle>(handle: T) => T;

/** Handles that outlive one function: close it, once or more. */
export interface HandleScope {
  readonly keep: Keep;
  close(): void;
}

/** Opens a scope; `close` deletes what was kept, the latest first. */
export function openHandles(): HandleScope {
  const handles: Handle[] = [];
  return {
    keep: (handle) => {
      handles.push(handle);
      return handle;
    },
    close: () => {
      for (let handle = handles.pop(); handle !== undefined; handle = handles.pop()) handle.delete();
    },
  };
}

/** Runs `use` and deletes every handle it kept, also when it throws. */
export function withHandles<T>(use: (keep: Keep) => T): T {
  const scope = openHandles();
  try {
    return use(scope.keep);
  } finally {
    scope.close();
  }
}
