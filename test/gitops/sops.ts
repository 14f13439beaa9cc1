/** sops and age as an operator uses them, with keys made for the test: none is committed. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { gitopsFolder, toolFolder } from "./toolbox";

const program = (name: string) => join(toolFolder("flux"), name);
export const sopsPrograms = [program("sops"), program("age-keygen")];

export interface AgeKey {
  /** The private half, AGE-SECRET-KEY-... */
  readonly identity: string;
  /** The public half, age1... */
  readonly recipient: string;
}

/** The words that an operator replaces in gitops/.sops.yaml, one per stack. */
export const placeholders = {
  dev: "REPLACE-WITH-THE-AGE-PUBLIC-KEY-OF-DEV",
  prod: "REPLACE-WITH-THE-AGE-PUBLIC-KEY-OF-PROD",
} as const;
type Stack = keyof typeof placeholders;

export function ageKey(): AgeKey {
  const output = execFileSync(program("age-keygen"), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [, recipient = ""] = /^# public key: (age1\w+)$/m.exec(output) ?? [];
  const [identity = ""] = /^AGE-SECRET-KEY-\w+$/m.exec(output) ?? [];
  return { identity, recipient };
}

/** Runs `use` in a scratch folder with gitops/.sops.yaml, in which `recipients` replace the placeholders. */
export function withSops<T>(
  recipients: Partial<Record<Stack, string>>,
  use: (run: (args: readonly string[], env?: NodeJS.ProcessEnv) => string, folder: string) => T,
): T {
  const folder = mkdtempSync(join(tmpdir(), "sops-"));
  try {
    const rules = Object.entries(recipients).reduce(
      (text, [stack, recipient]) => text.replace(placeholders[stack as Stack], recipient),
      readFileSync(join(gitopsFolder, ".sops.yaml"), "utf8"),
    );
    writeFileSync(join(folder, ".sops.yaml"), rules);
    Object.keys(placeholders).forEach((stack) => mkdirSync(join(folder, "secrets", stack), { recursive: true }));
    const environment = { PATH: process.env.PATH, HOME: folder };
    return use(
      (args, env = {}) =>
        execFileSync(program("sops"), args, {
          cwd: folder,
          encoding: "utf8",
          env: { ...environment, ...env },
          stdio: ["ignore", "pipe", "pipe"],
        }),
      folder,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An object as it is committed: encrypted by the rules of gitops/.sops.yaml for this key of `stack`. */
export const encrypt = (object: object, { recipient }: AgeKey, stack: Stack = "dev"): string =>
  withSops({ [stack]: recipient }, (run, folder) => {
    const file = `secrets/${stack}/secret.sops.yaml`;
    writeFileSync(join(folder, file), stringify(object));
    return run(["encrypt", file]);
  });
