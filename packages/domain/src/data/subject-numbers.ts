/** Numbers for whom rows are about: the guard counts persons without seeing a key.
 *  @module */

/** For each row the number of its key among the distinct ones, in the order in which they come: below the number of rows. */
export function numberSubjects(keys: Iterable<string | number>): Uint32Array {
  const numbers = new Map<string | number, number>();
  return Uint32Array.from(keys, (key) => {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  });
}
