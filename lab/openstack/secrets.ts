/** The passwords of a lab. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Layout } from "./layout";

/** Passwords of a lab, made when its data is. */
export interface Secrets {
  /** Of the administrator, the services and the message queue: whoever has the one may have the others. */
  readonly password: string;
  /** Of the project's user. */
  readonly userPassword: string;
  /** Octavia encrypts keys with it: 32 characters, as Fernet wants. */
  readonly passphrase: string;
}

/**
 * The lab's passwords, made at the first call. Hexadecimal, so that they need no quoting in any of the files they stand
 * in.
 */
export function loadSecrets(lab: Layout): Secrets {
  if (!existsSync(lab.secrets)) {
    mkdirSync(lab.data, { recursive: true, mode: 0o700 });
    const word = () => randomBytes(16).toString("hex");
    writeFileSync(
      `${lab.secrets}.new`,
      JSON.stringify({ password: word(), userPassword: word(), passphrase: word() }),
      { mode: 0o600 },
    );
    renameSync(`${lab.secrets}.new`, lab.secrets);
  }
  return JSON.parse(readFileSync(lab.secrets, "utf8")) as Secrets;
}
