import { hostileCases, useRunner } from "./hostile-case.ts";
import { MEMORY_CASES } from "./hostile-memory.ts";

useRunner();
hostileCases(MEMORY_CASES);
