/** Files that are laid on machines: where they live, and how they are written down. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { FileChange, MachineFile } from "./inputs";

/** Configuration of our own scripts and the documents they hand to kubeadm. */
export const etcDirectory = "/etc/openstack-kubernetes";
/**
 * Our scripts. SELinux policy labels /opt/<package>/bin as programs (bin_t), which it does not do for every folder of
 * /usr/local.
 */
export const binDirectory = "/opt/openstack-kubernetes/bin";
/** What the API server reads beside its certificates; mounted into its pod. */
export const apiServerDirectory = `${etcDirectory}/api-server`;

/** Stands in documents where a machine puts its own address, so that one document serves all machines of a role. */
export const nodeIpPlaceholder = "@NODE_IP@";

/** A file with the given text, which ends with a line break unless it is empty; `permissions` in octal. */
export function textFile(path: string, content: string, permissions = "0644"): MachineFile {
  return { path, permissions, content: content === "" || content.endsWith("\n") ? content : `${content}\n` };
}

/** The file, which `up` takes to machines that run as well. */
export function inPlace(change: FileChange, file: MachineFile): MachineFile {
  return { ...file, change };
}

/** A file of one or several YAML documents. */
export function yamlFile(path: string, documents: readonly object[], permissions = "0600"): MachineFile {
  return textFile(path, documents.map((document) => renderYaml(document)).join("---\n"), permissions);
}

/**
 * YAML without anchors and folded lines: what an operator reads on the machine is what the document says. Its readers
 * are of both kinds: cloud-init's PyYAML follows YAML 1.1, where an unquoted NO or 12:30:45 is no text.
 */
export function renderYaml(document: object): string {
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0, compat: "yaml-1.1" });
}

/** A script of ./files, put on the machine without its comments, which live in the repository. */
export function scriptFile(name: string, path = `${binDirectory}/${name}`): MachineFile {
  let content = scripts.get(name);
  if (content === undefined) {
    content = withoutComments(readFileSync(join(__dirname, "files", name), "utf8"));
    scripts.set(name, content);
  }
  return textFile(path, content, "0755");
}

/** Read once: a program with many pools renders the same scripts many times. */
const scripts = new Map<string, string>();

/**
 * Drops blank lines and lines that hold nothing but a comment; the first line (`#!`) stays. Not for scripts with
 * here-documents, whose lines are data; the test of the scripts refuses those.
 */
export function withoutComments(script: string): string {
  return script
    .split("\n")
    .filter((line, index) => index === 0 || !/^\s*(#.*)?$/.test(line))
    .join("\n");
}
