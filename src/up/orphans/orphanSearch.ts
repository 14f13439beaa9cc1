import { OpenstackError, type OpenstackApi } from "../../openstack/client";
import { kinds, type Inputs, type Item, type Kind, type Place } from "./orphanKinds";
import { remove, type Pace } from "./removeOrphan";
import { judge, named } from "./verdict";

/**
 * Keeps a repeated `up` from making a second one of what an earlier `up` made without learning of it: the connection
 * broke after OpenStack had obeyed, or the engine was killed while it waited. Such a thing is in no state, so nobody
 * would ever delete it, and it may stand in the way (a port in use, a rule that exists).
 */
export class OrphanSearch {
  /** Each list is asked for once in a run: whatever is an orphan was there before. */
  private readonly lists = new Map<string, Promise<readonly Item[]>>();

  /** `tell` hears what was deleted, and what was found but left alone. */
  constructor(
    private readonly api: () => Promise<OpenstackApi>,
    private readonly tell: (sentence: string) => void,
    private readonly pace?: Pace,
  ) {}

  /**
   * Deletes what is there of the resource that is about to be created, where that is safe. Throws a sentence when the
   * resource must not be created.
   */
  async before(type: string, inputs: Inputs): Promise<void> {
    const kind = kinds[type];
    if (kind === undefined) return;
    const place = kind.look(inputs);
    for (const item of await this.list(place)) {
      const found = kind.matches(item, inputs) ? await this.whole(kind, place, item) : undefined;
      if (found !== undefined) await this.deal(kind, place, found, inputs);
    }
  }

  private async deal(kind: Kind, place: Place, item: Item, inputs: Inputs): Promise<void> {
    const verdict = judge(kind, item, inputs, new Date());
    if (verdict.kind === "refuse") throw new Error(verdict.sentence);
    if (verdict.kind === "leave") this.tell(verdict.sentence);
    else if (await remove(await this.api(), place, kind.removal(item, inputs), this.pace))
      this.tell(
        `Deleted ${named(kind, item, inputs)}, which an interrupted \`up\` had made without learning of it; it is made anew.`,
      );
  }

  /** Undefined when it is gone by now: a machine that is replaced was on the list and has been deleted since. */
  private async whole(kind: Kind, { service }: Place, item: Item): Promise<Item | undefined> {
    const showing = kind.whole?.(item);
    if (showing === undefined) return item;
    const { path, key } = showing;
    try {
      return (await (await this.api()).get<Record<string, Item>>(service, path))[key];
    } catch (error) {
      if (error instanceof OpenstackError && error.status === 404) return undefined;
      throw error;
    }
  }

  private list(place: Place): Promise<readonly Item[]> {
    const known = this.lists.get(place.path) ?? this.ask(place);
    this.lists.set(place.path, known);
    return known;
  }

  private async ask({ service, path, key }: Place): Promise<readonly Item[]> {
    const api = await this.api();
    try {
      const items = await api.list<Item>(service, path, key);
      // An administrator is shown everybody's.
      return items.filter(({ project_id: owner }) => owner === undefined || owner === api.projectId);
    } catch (error) {
      // Whoever may not look may still create; OpenStack then says what it thinks of it.
      if (error instanceof OpenstackError && (error.status === 403 || error.status === 404)) return [];
      throw error;
    }
  }
}
