/**
 * That logIns.ts and refusedLogIns.ts tell the truth of the real OpenStack provider. Not proven: the engine's part,
 * which hands the stack's configuration and the environment to it.
 */
import { describeUnless } from "../describeUnless";
import { engineObstacle } from "../realEngine/installedEngine";
import { withOpenstackPlugin } from "../realEngine/openstackPlugin";
import { logIns } from "./logIns";
import { withRecordingCloud, type Configured } from "./recordingCloud";
import { refusedLogIns } from "./refusedLogIns";

describeUnless(engineObstacle(["openstack"]), "the real OpenStack provider", () => {
  const ask = async (logIn: Configured) => {
    let answer = "";
    const heard = await withRecordingCloud(logIn, async ({ provider, environment }, folder) => {
      answer = await withOpenstackPlugin(provider, environment, folder, (plugin) => plugin.askForNetworks());
    });
    return { answer, heard };
  };

  it.each(logIns)("takes $title as this program does", async (logIn) => {
    const { answer, heard } = await ask(logIn);
    expect(answer).toMatch(/Your query returned no results/);
    expect(heard).toEqual({ says: logIn.says, asks: logIn.asks ?? "/public/v2.0" });
  });

  it.each(refusedLogIns)("does not get to Neutron's networks by $title either", async (logIn) => {
    const { answer, heard } = await ask(logIn);
    expect(answer).not.toBe("");
    expect(heard.asks).not.toBe("/public/v2.0");
  });
});
