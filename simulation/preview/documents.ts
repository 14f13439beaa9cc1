/** `--out`: every document that the program rendered, as the files it would lay on disk. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { type MachineDocuments, machineDocuments } from "./machineDocuments";
import { publicResources, type Preview } from "./report";

const marker = "README.txt";
const headline = "Documents of a simulated preview of openstack-kubernetes";

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
  for (const documents of machineDocuments(run)) writeMachine(`machines/${documents.name}`, documents, write);
  return count;
}

function writeMachine(
  folder: string,
  { machines, cloudConfig, files }: MachineDocuments,
  write: (name: string, content: string) => void,
): void {
  write(`${folder}/machines.txt`, machines.map((name) => `${name}\n`).join(""));
  write(`${folder}/user-data.yaml`, cloudConfig);
  if (files === undefined) return;
  for (const file of files) write(`${folder}/files/${path.posix.normalize(`/${file.path}`)}`, file.content);
  const lines = files.map(
    ({ path: name, permissions, owner, content }) => `${permissions} ${owner} ${Buffer.byteLength(content)} ${name}\n`,
  );
  write(`${folder}/files.txt`, lines.join(""));
}
