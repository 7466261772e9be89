import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

const FOCUSABLE = "button:not([disabled]), input, select, [tabindex='0']";

/**
 * A pop-up's manners: focus goes into it, arrow keys walk a menu, a press outside closes it, and focus goes back.
 * @param opener selector of what opens it: a press there is not outside
 */
export function useDismiss(popup: RefObject<HTMLElement | null>, close: () => void, opener: string): void {
  useEffect(() => {
    const element = popup.current;
    if (element === null) return;
    const before = document.activeElement;
    const items = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>(FOCUSABLE)];
    const menu = element.getAttribute("role") === "menu";
    const first = menu ? (element.querySelector<HTMLElement>("[aria-checked='true']") ?? items()[0]) : element;
    first?.focus({ preventScroll: true });
    const onPress = (event: PointerEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      if (target !== null && !element.contains(target) && target.closest(opener) === null) close();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
      event.preventDefault();
      const all = items();
      const at = all.findIndex((item) => item === document.activeElement);
      all.at((at + (event.key === "ArrowDown" ? 1 : -1)) % all.length)?.focus();
    };
    document.addEventListener("pointerdown", onPress);
    element.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      element.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
}
