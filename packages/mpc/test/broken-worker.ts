/** A worker whose file cannot be loaded.
 *  @module */
throw new Error("this file never loads");
