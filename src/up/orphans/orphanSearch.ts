import { OpenstackError, type OpenstackApi, type OpenstackService } from "../../openstack/client";
import { collectionPath, removeResource, type RemovalPace } from "../../openstack/resources";
import { createdType, type CreatedType, type ResourceInputs, type ResourceItem } from "../../openstack/resourceTypes";
import { judge, named } from "./verdict";

/**
 * Keeps a repeated `up` from creating a second one of what an earlier `up` created without recording it: the connection
 * broke after OpenStack had obeyed, or the engine was killed while it waited. No state records such a thing, so nobody
 * would ever delete it, and it may stand in the way (a port in use, a rule that exists).
 */
export class OrphanSearch {
  /** Each list is asked for once in a run: whatever is an orphan was there before. */
  private readonly lists = new Map<string, Promise<readonly ResourceItem[]>>();

  /** `tell` hears what was deleted, and what was found but left alone. */
  constructor(
    private readonly api: () => Promise<OpenstackApi>,
    private readonly tell: (sentence: string) => void,
    private readonly pace?: RemovalPace,
  ) {}

  /**
   * Deletes what is there of the resource that is about to be created, where that is safe. Throws a sentence when the
   * resource must not be created.
   */
  async before(token: string, inputs: ResourceInputs): Promise<void> {
    const type = createdType(token);
    if (type === undefined) return;
    for (const item of await this.list(type, inputs)) {
      const found = type.matches(item, inputs) ? await this.whole(type, item) : undefined;
      if (found !== undefined) await this.deal(type, found, inputs);
    }
  }

  private async deal(type: CreatedType, item: ResourceItem, inputs: ResourceInputs): Promise<void> {
    const verdict = judge(type, item, inputs, new Date());
    if (verdict.kind === "refuse") throw new Error(verdict.sentence);
    if (verdict.kind === "leave") this.tell(verdict.sentence);
    else if (await this.remove(type, item, inputs))
      this.tell(
        `Deleted ${named(type, item, inputs)}, which an interrupted \`up\` had created without recording it; it is created again.`,
      );
  }

  /** Whether it is deleted: false when OpenStack finds it in use. */
  private async remove(type: CreatedType, { id }: ResourceItem, inputs: ResourceInputs): Promise<boolean> {
    try {
      await removeResource(await this.api(), type, id, { inputs, pace: this.pace });
      return true;
    } catch (error) {
      if (error instanceof OpenstackError && error.status === 409) return false;
      throw error;
    }
  }

  /** Undefined when it is gone by now: a machine that is replaced was on the list and has been deleted since. */
  private async whole(type: CreatedType, item: ResourceItem): Promise<ResourceItem | undefined> {
    if (type.detailKey === undefined) return item;
    try {
      const path = `${collectionPath(type)}/${item.id}`;
      return (await (await this.api()).get<Record<string, ResourceItem>>(type.service, path))[type.detailKey];
    } catch (error) {
      if (error instanceof OpenstackError && error.status === 404) return undefined;
      throw error;
    }
  }

  private list(type: CreatedType, inputs: ResourceInputs): Promise<readonly ResourceItem[]> {
    const query = type.query(inputs);
    const path = `${collectionPath(type, inputs)}${query === "" ? "" : `?${query}`}`;
    const known = this.lists.get(path) ?? this.ask(type.service, path, type.key);
    this.lists.set(path, known);
    return known;
  }

  private async ask(service: OpenstackService, path: string, key: string): Promise<readonly ResourceItem[]> {
    const api = await this.api();
    try {
      const items = await api.list<ResourceItem>(service, path, key);
      // An administrator is shown everybody's.
      return items.filter(({ project_id: owner }) => owner === undefined || owner === api.projectId);
    } catch (error) {
      // Whoever may not look may still create; OpenStack then says what it thinks of it.
      if (error instanceof OpenstackError && (error.status === 403 || error.status === 404)) return [];
      throw error;
    }
  }
}
