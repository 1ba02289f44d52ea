/** Starts the service. */
import { main } from "@souk/chassis";

import { definition } from "./service.js";

await main(definition);
