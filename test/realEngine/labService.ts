/** One service of the lab killed, and started again. */
import { run } from "../../lab/openstack/commands";
import { sql } from "../../lab/openstack/infrastructure";
import { labFolder } from "../../lab/openstack/layout";
import { processesOf } from "../../lab/openstack/processes";
import { bringUp } from "../../lab/openstack/schedule";
import { allUnits } from "../../lab/openstack/services";
import { labIn } from "../../lab/openstack/units";

const lab = labIn(labFolder());

/** SIGKILL to every process of the service; resolves when none of them is left. */
export async function killService(name: string): Promise<void> {
  for (let left = processesOf(lab, name); left.length > 0; left = processesOf(lab, name)) {
    for (const { pid } of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
}

/** Starts the services that do not run; resolves when they serve. Errors: no such service, or it does not come up. */
export async function startServices(...names: string[]): Promise<void> {
  const units = allUnits(lab).filter(({ name }) => names.includes(name));
  if (units.length !== names.length) throw new Error(`The lab has not all of these services: ${names.join(", ")}.`);
  // What they need runs already.
  const alone = units.map((unit) => ({ ...unit, after: [] }));
  const silent = { finished: () => undefined, waiting: () => undefined };
  await bringUp(lab, alone, silent, new AbortController().signal);
}

/**
 * What Octavia's health manager and its failed flows do to a load balancer that cannot be made; the lab's own drivers
 * never fail.
 */
export async function loadBalancersFail(): Promise<void> {
  const [program = "", ...args] = sql(
    lab,
    "UPDATE octavia.load_balancer SET provisioning_status = 'ERROR' WHERE provisioning_status = 'PENDING_CREATE'",
  );
  await run(program, args);
}
