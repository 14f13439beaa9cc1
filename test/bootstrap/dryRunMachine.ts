/** A control-plane machine's files below a folder, and what the real kubeadm makes of them there. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import type { MachineFile } from "../../src/bootstrap/inputs";
import type { ControlPlaneSecrets } from "../../src/pki/secrets";
import { contentOf, sampleConfig, sampleFacts, secrets } from "./samples";

/** The machine's address. */
export const address = "10.10.0.10";

export const onMachine = (files: readonly MachineFile[], path: string) =>
  contentOf(files, path).replaceAll("@NODE_IP@", address);

interface StaticPod {
  spec: {
    containers: {
      image: string;
      command: string[];
      env?: { name: string; value: string }[];
      volumeMounts: { mountPath: string; readOnly?: boolean }[];
    }[];
    volumes: object[];
    securityContext: { seLinuxOptions?: { type: string } };
  };
}

export class DryRunMachine {
  /** @param program The kubeadm to run. */
  public constructor(
    private readonly directory: string,
    private readonly program: string,
  ) {}

  public kubeadm(...args: string[]): string {
    return execFileSync(this.program, args, {
      encoding: "utf8",
      stdio: "pipe",
      env: { ...process.env, KUBEADM_INIT_DRYRUN_DIR: join(this.directory, "manifests") },
    });
  }

  public write(path: string, content: string): string {
    mkdirSync(dirname(join(this.directory, path)), { recursive: true });
    writeFileSync(join(this.directory, path), content);
    return join(this.directory, path);
  }

  /** Lays all files, with the paths within kubeadm's documents changed accordingly. Returns the path of init.yaml. */
  public layControlPlane(changes: Record<string, unknown>, held: ControlPlaneSecrets = secrets): string {
    const config = sampleConfig(changes);
    const { files } = renderControlPlaneUserData(config, sampleFacts(config), held);
    for (const { path } of files) this.write(path, contentOf(files, path));
    cpSync(join(this.directory, "etc/openstack-kubernetes/pki"), join(this.directory, "pki"), { recursive: true });
    const moved = onMachine(files, "/etc/openstack-kubernetes/init.yaml")
      .replace("kind: ClusterConfiguration\n", `kind: ClusterConfiguration\ncertificatesDir: ${this.directory}/pki\n`)
      .replace("directory: /etc/", `directory: ${this.directory}/etc/`);
    return this.write("init.yaml", moved);
  }

  /** Has kubeadm write the static pods of what `layControlPlane` laid. */
  public writeStaticPods(init: string): void {
    this.kubeadm("init", "phase", "control-plane", "all", "--config", init, "--dry-run");
    this.kubeadm("init", "phase", "etcd", "local", "--config", init, "--dry-run");
  }

  public staticPod(name: string): StaticPod {
    return parse(readFileSync(join(this.directory, "manifests", `${name}.yaml`), "utf8")) as StaticPod;
  }
}
