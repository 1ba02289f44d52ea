/** The echo as a process of its own. With KILL_AFTER_COMMIT it dies between the effect of an event and its acknowledgement. */
import { main } from "../src/index.js";
import { definition } from "./echo.js";

const committed = () => process.kill(process.pid, "SIGKILL");
await main(definition(process.env["KILL_AFTER_COMMIT"] === undefined ? {} : { committed }));
