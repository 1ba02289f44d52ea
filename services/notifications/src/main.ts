/** Starts the service, or shows a template: `node dist/main.js preview <kind> [locale]`. */
import { main } from "@souk/chassis";

import { definition } from "./definition.js";
import { preview } from "./preview.js";

if (process.argv[2] === "preview") process.exitCode = preview(process.argv.slice(3));
else await main(definition);
