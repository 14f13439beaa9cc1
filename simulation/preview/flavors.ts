/** Sizes of flavors, as told by a file. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const flavorsSchema = z.record(
  z.string(),
  z.strictObject({ vcpus: z.int().positive(), ramMiB: z.int().positive(), diskGiB: z.int().nonnegative() }),
);

export type Flavors = z.output<typeof flavorsSchema>;

export const defaultFlavorsFile = path.join(__dirname, "..", "flavors.yaml");

/** Throws a sentence when the file is missing or not of the form of simulation/flavors.yaml. */
export function readFlavors(file: string): Flavors {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`The flavors file ${file} cannot be read: ${(error as Error).message.split("\n")[0] ?? ""}`);
  }
  const result = flavorsSchema.safeParse(content);
  if (result.success) return result.data;
  const { path: where, message } = result.error.issues[0] as { path: PropertyKey[]; message: string };
  throw new Error(
    `The flavors file ${file} is wrong at ${where.map(String).join(".") || "its top"} (${message}); write lines like those of simulation/flavors.yaml.`,
  );
}
