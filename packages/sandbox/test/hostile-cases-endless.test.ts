import { hostileCases, useRunner } from "./hostile-case.ts";
import { ENDLESS_CASES } from "./hostile-endless.ts";

useRunner();
hostileCases(ENDLESS_CASES);
