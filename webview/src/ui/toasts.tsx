import type { JSX } from "preact";

import { useUi } from "./context";

/** Short messages under the state; they go by themselves, or when pressed. */
export function Toasts(): JSX.Element {
  const { store } = useUi();
  return (
    <div class="toasts" role="status" aria-live="polite">
      {store.notices.value.map((notice) => (
        <button key={notice.id} type="button" class="toast" data-tone={notice.tone} onClick={() => store.dismissNotice(notice.id)}>
          {notice.text}
        </button>
      ))}
    </div>
  );
}
