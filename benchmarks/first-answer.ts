/** A process that ends when the first private answer has arrived: from an empty directory (generate the city, develop,
 *  release, build, ask) or on one that an earlier run left. `first-answer.ts DIRECTORY PERSONS`; prints one JSON line.
 *  @module */
import { askOnce, openServing } from "./serving-city.ts";

const [directory = "", persons = "0"] = process.argv.slice(2);
const serving = await openServing(directory, Number(persons));
const label = await askOnce(serving);
console.log(JSON.stringify({ label, gateway: serving.running.gatewayUrl }));
await serving.running.stop();
