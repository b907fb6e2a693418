import { Icon, IconButton } from "./icon.tsx";
import { composer } from "./store.ts";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

/** Offers to attach the file whose path was pasted. */
export function OfferBar() {
  const { offer } = composer.value;
  if (offer === null) return null;
  return (
    <div class="offer" role="status" data-testid="offer">
      <Icon name="attach" />
      <span>{text("offer", offer.label)}</span>
      <button type="button" class="link-button" onClick={() => send({ type: "answerOffer", accept: true })}>
        {text("offerAccept")}
      </button>
      <span class="space" />
      <IconButton icon="close" label={text("dismiss")} onClick={() => send({ type: "answerOffer", accept: false })} />
    </div>
  );
}
