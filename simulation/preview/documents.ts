/** `--out`: every document that the program rendered, as the files it would lay on disk. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { publicResources, type Preview } from "./report";
import { byUserData, serversOf, unpackUserData, type Server } from "./servers";

const marker = "README.txt";
const headline = "Documents of a simulated preview of openstack-kubernetes";

interface WrittenFile {
  readonly path: string;
  readonly permissions?: string;
  readonly owner?: string;
  readonly encoding?: string;
  readonly content?: string;
}

/** Throws a sentence when the folder holds something that an earlier preview did not write. */
export function assertOurs(folder: string): void {
  if (!existsSync(folder)) return;
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch {
    throw new Error(`--out ${folder} is not a folder; name one that does not exist yet.`);
  }
  if (entries.length > 0 && !entries.includes(marker))
    throw new Error(`--out ${folder} holds other files; name an empty folder or one that does not exist yet.`);
}

/** Writes all documents; returns their number. Folders are made 0700 and files 0600: keys are among them. */
export function writeDocuments(folder: string, preview: Preview): number {
  assertOurs(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (const entry of ["machines", "certificates", "kubeconfig.yaml", "resources.json", "outputs.json"])
    rmSync(path.join(folder, entry), { recursive: true, force: true });
  let count = 0;
  const write = (name: string, content: string) => {
    const target = path.join(folder, name);
    if (!target.startsWith(path.resolve(folder) + path.sep) && !target.startsWith(folder + path.sep))
      throw new Error(`${name} would leave ${folder}`);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, content, { mode: 0o600, flag: "w" });
    count += 1;
  };
  const { run, stack } = preview;
  write(
    marker,
    `${headline}, stack ${stack}.\n\nAll keys, tokens and certificates in here are throw-away ones, made for this preview: no cluster knows them.\n` +
      "machines/<pool>/user-data.yaml is the cloud-config, machines/<pool>/files what cloud-init lays on the machine, machines.txt who gets it.\n",
  );
  write("resources.json", `${JSON.stringify(publicResources(run), null, 2)}\n`);
  for (const certificate of [...run.ofType("SelfSignedCert"), ...run.ofType("LocallySignedCert")])
    write(`certificates/${certificate.name}.pem`, String(certificate.outputs.certPem));
  const kubeconfig = run.outputs.adminKubeconfig;
  if (typeof kubeconfig === "string") write("kubeconfig.yaml", kubeconfig);
  for (const [name, group] of namedGroups(byUserData(serversOf(run)))) writeMachine(`machines/${name}`, group, write);
  return count;
}

/** Groups by pool; a pool whose machines differ has a folder for each of its documents. */
function namedGroups(groups: readonly Server[][]): [string, Server[]][] {
  const pools = groups.map((group) => group[0]?.pool);
  return groups.map((group, index) => {
    const [first] = group as [Server];
    return [pools.indexOf(first.pool) === index ? first.pool : first.name, group];
  });
}

function writeMachine(folder: string, group: readonly Server[], write: (name: string, content: string) => void): void {
  const cloudConfig = unpackUserData(group[0]?.userData ?? "");
  write(`${folder}/machines.txt`, group.map(({ name }) => `${name}\n`).join(""));
  write(`${folder}/user-data.yaml`, cloudConfig);
  if (!cloudConfig.startsWith("#cloud-config")) return;
  const files = ((parse(cloudConfig) as { write_files?: WrittenFile[] } | null)?.write_files ?? []).map((file) => ({
    ...file,
    content: decoded(file),
  }));
  for (const file of files) write(`${folder}/files/${path.posix.normalize(`/${file.path}`)}`, file.content);
  const lines = files.map(
    ({ path: name, permissions, owner, content }) =>
      `${permissions ?? "0644"} ${owner ?? "root:root"} ${Buffer.byteLength(content)} ${name}\n`,
  );
  write(`${folder}/files.txt`, lines.join(""));
}

/** Content of an entry of write_files, in any of cloud-init's encodings. */
function decoded({ content = "", encoding }: WrittenFile): string {
  switch (encoding) {
    case "b64":
    case "base64":
      return Buffer.from(content, "base64").toString("utf8");
    case "gz+b64":
    case "gz+base64":
    case "gzip+base64":
      return gunzipSync(Buffer.from(content, "base64")).toString("utf8");
    default:
      return content;
  }
}
