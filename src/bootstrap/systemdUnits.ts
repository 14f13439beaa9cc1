/** systemd units of a node. */
import type { ClusterConfig } from "../config/clusterConfig";
import { releaseOf } from "../config/operatingSystems";
import type { MachineFile } from "./inputs";
import { binDirectory, inPlace, scriptFile, textFile } from "./machineFile";
import { proxyEnvironmentPath } from "./proxyEnvironment";

const unitDirectory = "/etc/systemd/system";

/**
 * The bootstrap as a service rather than as cloud-init's child, so that it goes on after a reboot and tries again after
 * a failure. Type=simple because systemd 239 (RHEL 8) restarts no oneshot service.
 */
export function bootstrapUnit(): MachineFile {
  return textFile(
    `${unitDirectory}/openstack-kubernetes.service`,
    `[Unit]
Description=Turn this machine into a Kubernetes node
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/openstack-kubernetes/joined
StartLimitIntervalSec=0
[Service]
Environment=HOME=/root
EnvironmentFile=-${proxyEnvironmentPath}
ExecStart=${binDirectory}/bootstrap.sh
Restart=on-failure
RestartSec=30
[Install]
WantedBy=multi-user.target
`,
  );
}

/**
 * Closes the metadata service at every boot: after cloud-init has asked it (cloud-config.target follows the stages that
 * do), before any pod can start; and again when a restart of nftables.service has flushed all rules.
 */
export function metadataUnit(): MachineFile {
  return textFile(
    `${unitDirectory}/openstack-kubernetes-metadata.service`,
    `[Unit]
Description=Close the metadata service
After=nftables.service cloud-config.target
PartOf=nftables.service
Before=kubelet.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${binDirectory}/close-metadata.sh
[Install]
WantedBy=multi-user.target
`,
  );
}

/**
 * The agent that takes changed files to a machine that runs, from the moment when the machine is a node. It ends when
 * the API is away, which it then is for every machine at once: hence the pause before it is started again. Why it does
 * not start is on the console too, for operators without access to the machine.
 *
 * @param secret Name of the Secret that holds the agent and the files of this machine's pool.
 */
export function agentUnit(config: ClusterConfig, secret: string): MachineFile {
  const { python = "python3" } = releaseOf(config.os) ?? {};
  return textFile(
    `${unitDirectory}/openstack-kubernetes-agent.service`,
    `[Unit]
Description=Agent
[Service]
ExecStart=${binDirectory}/start-agent.sh ${secret} ${python}
StandardError=journal+console
Restart=always
RestartSec=30
[Install]
WantedBy=multi-user.target
`,
  );
}

/** Weekly, within twelve hours, so that the machines of a control plane do not restart their pods at the same time. */
export function renewalUnits(): MachineFile[] {
  return timer(
    "renew",
    "Renew the leaf certificates of the control plane",
    `${binDirectory}/renew-certificates.sh`,
    "OnCalendar=weekly\nRandomizedDelaySec=12h\nPersistent=true",
  );
}

/**
 * The script that answers kubelets which ask for certificates, and its timer: three times a minute, since a node's pods
 * have no logs and metrics until then. That is too often to be logged each time. They reach machines that run, so that
 * a control plane which an older program created has them as well, and are the same for every release of an operating
 * system: the machine itself finds its Python, which has no usual name on RHEL 8.
 */
export function approvalFiles(): MachineFile[] {
  const script = scriptFile("approve-kubelets.py");
  const schedule = "OnActiveSec=20s\nOnUnitActiveSec=20s\nAccuracySec=1s";
  const python = "$$(ls /usr/bin/python3 /usr/libexec/platform-python 2>/dev/null | head -n 1)";
  const command = `/bin/sh -c 'exec ${python} -I ${script.path}'`;
  const description = "Answer kubelets that ask for certificates";
  const units = timer("approve", description, command, schedule, "LogLevelMax=notice\n");
  return [inPlace("nothing", script), ...units.map((unit) => inPlace("timer", unit))];
}

/** @param intervalHours Hours between snapshots. */
export function snapshotUnits(intervalHours: number): MachineFile[] {
  return timer(
    "snapshot",
    "Save a snapshot of etcd",
    `${binDirectory}/snapshot-etcd.sh`,
    `OnActiveSec=1min\nOnUnitActiveSec=${intervalHours}h\nRandomizedDelaySec=1min`,
  );
}

/**
 * What starts the program of backups every minute, mostly to find that nothing is due. A run may take an hour, which
 * is how long its turn lasts (files/backup-etcd.py).
 */
export function backupFiles(): MachineFile[] {
  const script = scriptFile("start-backup.sh");
  const schedule = "OnActiveSec=1min\nOnUnitActiveSec=1min";
  const service = `LogLevelMax=notice\nTimeoutStartSec=1h\nEnvironmentFile=-${proxyEnvironmentPath}\n`;
  const units = timer("backup", "Back up etcd", script.path, schedule, service);
  return [inPlace("nothing", script), ...units.map((unit) => inPlace("timer", unit))];
}

/**
 * Every 30 s, because a machine that has joined begins to share the virtual IP a minute later. Twice a minute is too
 * often to be logged each time.
 */
export function peersUnits(): MachineFile[] {
  const schedule = "OnActiveSec=30s\nOnUnitActiveSec=30s\nAccuracySec=1s";
  const command = `${binDirectory}/refresh-peers.sh`;
  return timer("peers", "Tell keepalived who its peers are", command, schedule, "LogLevelMax=notice\n");
}

function timer(name: string, description: string, command: string, schedule: string, service = ""): MachineFile[] {
  return [
    textFile(
      `${unitDirectory}/openstack-kubernetes-${name}.service`,
      `[Unit]\nDescription=${description}\n[Service]\nType=oneshot\n${service}ExecStart=${command}\n`,
    ),
    textFile(
      `${unitDirectory}/openstack-kubernetes-${name}.timer`,
      `[Unit]\nDescription=${description}\n[Timer]\n${schedule}\n[Install]\nWantedBy=timers.target\n`,
    ),
  ];
}
