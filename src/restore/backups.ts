/** What is in the bucket, and whether it may be restored here. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { minorOf } from "../config/kubernetesMinors";
import { messageOf } from "../engine/messageOf";
import { type BucketAccess, presignedUrl } from "./presignedUrl";

/** One GET; rejects with the reason where nobody answers. */
type ReadUrl = (url: string) => Promise<{ readonly status: number; readonly body: string }>;

export interface Bucket {
  readonly access: BucketAccess;
  /** Goes before the name of every backup. */
  readonly prefix: string;
  readonly read: ReadUrl;
}

const manifestSchema = z.object({
  cluster: z.string(),
  /** With its "v". */
  kubernetesVersion: z.string(),
  /** 20261130T134133Z. */
  taken: z.string(),
  /** Bytes of the snapshot. */
  size: z.number(),
  /** Of the snapshot. */
  sha256: z.string(),
  /** SHA-256 of each object. */
  parts: z.array(z.string()),
  /** Certificate that the passphrase is encrypted for, PEM. */
  recipient: z.string(),
  /** CMS in PEM. */
  key: z.string(),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

/** Seconds that a link to the bucket is good; the machines fetch the whole backup in this time. */
const linkSeconds = 3_600;

/** Names of a cluster's whole backups, newest first. Rejects with a sentence when the bucket does not show them. */
export async function listBackups(bucket: Bucket, clusterName: string): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined = "";
  while (token !== undefined) {
    const more: Record<string, string> = token === "" ? {} : { "continuation-token": token };
    const query = { "list-type": "2", prefix: bucket.prefix, ...more };
    const page = await readObject(bucket, "", query);
    for (const [, key = ""] of page.matchAll(/<Key>([^<]*)<\/Key>/g)) {
      const name = /^(\d{8}T\d{6}Z_([^/_]+)_[^/_]+)\/manifest$/.exec(key.slice(bucket.prefix.length));
      if (key.startsWith(bucket.prefix) && name?.[2] === clusterName) names.push(name[1] as string);
    }
    token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1];
  }
  return names.sort().reverse();
}

/** Links to the parts, for the machines. */
export function partLinks(
  { access, prefix }: Bucket,
  name: string,
  manifest: BackupManifest,
): { url: string; sha256: string }[] {
  return manifest.parts.map((sha256, index) => {
    const key = `${prefix}${name}/part-${String(index).padStart(4, "0")}`;
    return { url: presignedUrl(access, { method: "GET", key, seconds: linkSeconds }, new Date()), sha256 };
  });
}

/**
 * The manifest of a backup, if this cluster made it. Rejects with a sentence otherwise.
 *
 * @param ca Certificate of the cluster's CA, PEM.
 */
export async function readManifest(bucket: Bucket, name: string, ca: string): Promise<BackupManifest> {
  const signed = await readObject(bucket, `${bucket.prefix}${name}/manifest`);
  return inFolder((folder) => {
    const authority = join(folder, "ca.crt");
    writeFileSync(authority, ca);
    const verify = ["cms", "-verify", "-inform", "PEM", "-certfile", authority, "-nointern", "-noverify"];
    const content = openssl(verify, signed);
    const manifest = content === undefined ? undefined : manifestSchema.safeParse(JSON.parse(content)).data;
    if (manifest === undefined)
      throw new Error(
        `Backup ${name} is not signed by this cluster's CA: another cluster made it, or somebody changed it. Choose another one with --backup.`,
      );
    return manifest;
  });
}

/**
 * Why a backup must not be restored into the cluster that runs; empty when it may.
 *
 * @param running Version of its API server; undefined where that is not known, which is another's reason.
 */
export function refusals(
  name: string,
  manifest: BackupManifest,
  clusterName: string,
  running: string | undefined,
): readonly string[] {
  const [older, newer] = [manifest.kubernetesVersion, running ?? manifest.kubernetesVersion].map((version) =>
    minorOf(version.replace(/^v/, "")),
  );
  return [
    ...(manifest.cluster === clusterName && name.startsWith(`${manifest.taken}_`)
      ? []
      : [
          `Backup ${name} is of cluster ${manifest.cluster} at ${manifest.taken}: it was renamed. Choose another one with --backup.`,
        ]),
    ...(older === newer
      ? []
      : [
          `Backup ${name} is of Kubernetes ${older} but the API server is of ${newer}. Create the control plane with ${older}, or choose another backup with --backup.`,
        ]),
  ];
}

/** The passphrase of the parts. Throws a sentence where the key is not the recipient's. @param keyFile PEM. */
export function openPassphrase(name: string, manifest: BackupManifest, keyFile: string): string {
  if (!existsSync(keyFile))
    throw new Error(`There is no ${keyFile}; name the private key that opens the backups with --key.`);
  return inFolder((folder) => {
    const recipient = join(folder, "recipient.crt");
    writeFileSync(recipient, manifest.recipient);
    const decrypt = ["cms", "-decrypt", "-inform", "PEM", "-recip", recipient, "-inkey", keyFile];
    const passphrase = openssl(decrypt, manifest.key)?.trim() ?? "";
    if (!/^[A-Za-z0-9+/]{43}=$/.test(passphrase))
      throw new Error(
        `${keyFile} does not open backup ${name}. Give the private key of the certificate that kubernetes.etcd.backup.recipient was then.`,
      );
    return passphrase;
  });
}

async function readObject(bucket: Bucket, key: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
  const { endpoint, bucket: name } = bucket.access;
  const what = key === "" ? "a listing" : key;
  const url = presignedUrl(bucket.access, { method: "GET", key, query, seconds: linkSeconds }, new Date());
  const { status, body } = await bucket.read(url).catch((error: unknown) => {
    throw new Error(`${endpoint} does not answer: ${messageOf(error)}`);
  });
  if (status === 200) return body;
  const code = /<Code>([^<]*)<\/Code>/.exec(body)?.[1];
  throw new Error(
    `Bucket ${name} refuses ${what} (HTTP ${status}${code === undefined ? "" : `, ${code}`}). ${remedies[code ?? ""] ?? usualRemedy}`,
  );
}

const usualRemedy = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a credential that may list and read it.";
/** By the code of S3. */
const remedies: Readonly<Record<string, string>> = {
  NoSuchBucket: "Set kubernetes.etcd.backup.bucket to the bucket of the backups.",
  NoSuchKey: "--list shows the names of all whole backups.",
  RequestTimeTooSkewed: "Set the clock of this computer.",
};

/** Its output; undefined where it refuses. A key with a passphrase asks for it on the terminal. */
function openssl(args: readonly string[], input: string): string | undefined {
  try {
    return execFileSync("openssl", args, { input, stdio: ["pipe", "pipe", "ignore"], encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new Error("openssl is not in PATH; install it.");
    return undefined;
  }
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "restore-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
