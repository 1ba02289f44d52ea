/** The settings; config.default.toml says what each is for. */
import { z } from "zod";

export const config = z.object({
  entries: z.object({ most_per_customer: z.number().int().min(1).max(1_000_000) }),
});
