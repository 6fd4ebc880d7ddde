/** How large the memories of WebAssembly are: they grow and never shrink.
 *  @module */

/** Memories of the modules that are instantiated from now on. */
export function recordMemories(): { buffer: ArrayBuffer }[] {
  const memories: { buffer: ArrayBuffer }[] = [];
  const api = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
  const original = api.instantiate.bind(api);
  api.instantiate = async (...given) => {
    const made = await original(...given);
    const { exports } = made.instance ?? made;
    memories.push(...Object.values(exports ?? {}).filter((value) => value instanceof api.Memory));
    return made;
  };
  return memories;
}

type WasmApi = {
  Memory: new () => { buffer: ArrayBuffer };
  instantiate(...given: unknown[]): Promise<{ exports?: object; instance?: { exports: object } }>;
};
