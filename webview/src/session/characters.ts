/** The avatars that come with the page, as `avatars/manifest.json` lists them. */
import type { SessionStore } from "./store";

export interface Character {
  readonly id: string;
  readonly name: string;
}

/** Asked for when the list cannot be read: loading it then says what is wrong. */
const FALLBACK = "default";

/** Read the list. Never rejects: without it there is nothing to choose from, and loading an avatar says why. */
export async function loadCharacters(base = document.baseURI): Promise<readonly Character[]> {
  try {
    const response = await fetch(new URL("avatars/manifest.json", base));
    const body: unknown = await response.json();
    const list = typeof body === "object" && body !== null ? (body as { avatars?: unknown }).avatars : null;
    return Array.isArray(list) ? list.filter(isCharacter).map(({ id, name }) => ({ id, name })) : [];
  } catch (error) {
    console.warn("the list of avatars cannot be read", error);
    return [];
  }
}

/** Which avatar to show: the chosen one, or the first with a word about why. */
export function chooseCharacter(characters: readonly Character[], store: SessionStore): string {
  const { character, assetUrl } = store.settings.value;
  const first = characters[0];
  if (assetUrl !== null) store.notify("Avatar files of your own cannot be shown yet. The avatar that comes with AvatarDesk is used.", "warning");
  if (first === undefined) return character === "" ? FALLBACK : character;
  if (character === "" || characters.some(({ id }) => id === character)) return character === "" ? first.id : character;
  store.notify(`There is no avatar called “${character}”. ${first.name} is shown instead.`, "warning");
  return first.id;
}

function isCharacter(value: unknown): value is Character {
  if (typeof value !== "object" || value === null) return false;
  const { id, name } = value as Record<string, unknown>;
  return typeof id === "string" && typeof name === "string";
}
