/** Brings units up: each as soon as those it needs are ready, a few at a time. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logTail } from "./commands";
import { serves } from "./probes";
import { isAlive, logFile, runningLeader, startProcess, stopUnits } from "./processes";
import { environmentOf, type Lab, ordered, type Service, type Step, type Unit } from "./units";

/**
 * How many units are worked on at once: more than the cores of a small machine, since most of them wait rather than
 * compute.
 */
const parallel = 6;

/** Longest a service may take until it serves, in seconds. A busy two-core machine needed 80 for the slowest. */
const patienceSeconds = 300;

/** What became of a unit. */
type Outcome = "running already" | "done already" | "ready" | "done";

/** Told about progress. */
interface Reporter {
  finished(unit: Unit, outcome: Outcome, seconds: number): void;
  /** Called every few seconds with what is under way. */
  waiting(names: readonly string[]): void;
}

/**
 * Brings all units up. Errors: those of all units that failed, in one message; what was started stays, so that another
 * `up` goes on from there.
 */
export async function bringUp(
  lab: Lab,
  units: readonly Unit[],
  reporter: Reporter,
  stopped: AbortSignal,
): Promise<void> {
  const waiting = ordered(units);
  const ready = new Set<string>();
  const active = new Map<string, Promise<void>>();
  const failures: Error[] = [];
  const heartbeat = setInterval(() => reporter.waiting([...active.keys()]), 15_000);
  try {
    while (waiting.length > 0 || active.size > 0) {
      if (failures.length > 0 || stopped.aborted) waiting.length = 0;
      for (const unit of waiting
        .filter(({ after }) => after.every((name) => ready.has(name)))
        .slice(0, parallel - active.size)) {
        waiting.splice(waiting.indexOf(unit), 1);
        const began = Date.now();
        const work = bringUpOne(lab, unit, stopped)
          .then((outcome) => {
            ready.add(unit.name);
            reporter.finished(unit, outcome, (Date.now() - began) / 1000);
          })
          .catch((error: unknown) => void failures.push(error as Error))
          .finally(() => active.delete(unit.name));
        active.set(unit.name, work);
      }
      await Promise.race(active.values());
    }
  } finally {
    clearInterval(heartbeat);
  }
  if (stopped.aborted)
    throw new Error("Interrupted. What was started goes on running: `up` continues from here, `down` stops it.");
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join("\n"));
}

function bringUpOne(lab: Lab, unit: Unit, stopped: AbortSignal): Promise<Outcome> {
  return unit.kind === "service" ? bringUpService(lab, unit, stopped) : takeStep(lab, unit, stopped);
}

async function bringUpService(lab: Lab, service: Service, stopped: AbortSignal): Promise<Outcome> {
  let leader = runningLeader(lab, service.name);
  const wasRunning = leader !== undefined;
  // Whatever is left of an earlier run, a worker whose parent died say, would hold the port.
  if (!leader) await stopUnits(lab, [service.name]);
  // A service that runs has reported before; so has one that an interrupted `up` started a moment ago, or it will.
  const since = wasRunning ? 0 : Date.now();
  if (!leader) {
    for (const path of service.fresh ?? []) rmSync(path, { recursive: true, force: true });
    ({ leader } = startProcess(lab, service.name, service.command, environmentOf(lab, service)));
  }
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!stopped.aborted) {
    if (!isAlive(leader))
      throw new Error(
        `${service.name} ended while it was starting. The end of ${logFile(lab, service.name)}:\n${logTail(logFile(lab, service.name))}`,
      );
    if (await serves(lab, service, since)) return wasRunning ? "running already" : "ready";
    if (Date.now() > deadline)
      throw new Error(
        `${service.name} runs but does not serve after ${patienceSeconds} s. The end of ${logFile(lab, service.name)}:\n${logTail(logFile(lab, service.name))}`,
      );
    await pause(300);
  }
  throw new Error(`${service.name} was being waited for.`);
}

async function takeStep(lab: Lab, step: Step, stopped: AbortSignal): Promise<Outcome> {
  const sentinel = join(lab.done, step.name);
  if (step.repeat === "once" && existsSync(sentinel)) return "done already";
  await stopUnits(lab, [step.name]);
  for (const path of step.fresh ?? []) rmSync(path, { recursive: true, force: true });
  for (const command of step.commands) await runCommand(lab, step, command, stopped);
  mkdirSync(lab.done, { recursive: true });
  if (step.repeat === "once") writeFileSync(sentinel, "");
  return "done";
}

/** Started like a service, so that `down` finds it should this process be killed meanwhile. */
async function runCommand(lab: Lab, step: Step, command: readonly string[], stopped: AbortSignal): Promise<void> {
  const { ended } = startProcess(lab, step.name, command, environmentOf(lab, step));
  const stop = () => void stopUnits(lab, [step.name], 5);
  stopped.addEventListener("abort", stop);
  const verdict = await ended;
  stopped.removeEventListener("abort", stop);
  await stopUnits(lab, [step.name]);
  if (verdict !== "status 0")
    throw new Error(
      `${step.name} failed: ${command.slice(0, 4).join(" ")} ... ended with ${verdict}. The end of ${logFile(lab, step.name)}:\n${logTail(logFile(lab, step.name))}`,
    );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((fulfil) => setTimeout(fulfil, milliseconds));
}
