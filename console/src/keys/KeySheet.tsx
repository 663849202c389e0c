import { Kbd } from '@mantine/core'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { bindings, type Binding } from './keys'
import css from './keys.module.css'

const NAMES: Record<string, string> = { mod: 'Ctrl', ' ': 'Space', Escape: 'Esc' }

function Keys({ keys }: { keys: string }) {
  const parts = keys === ' ' ? [keys] : keys.split(/[ +]/)
  return (
    <>
      {parts.map((part, i) => (
        <Kbd key={i}>{NAMES[part] ?? part}</Kbd>
      ))}
    </>
  )
}

/** Every key that does something here. */
export function KeySheet({ close }: { close: () => void }) {
  const groups = new Map<string, Binding[]>()
  for (const binding of bindings()) {
    const known = groups.get(binding.group) ?? []
    if (binding.isHidden) continue
    if (!known.some((b) => b.keys === binding.keys)) {
      groups.set(binding.group, [...known, binding])
    }
  }
  return (
    <Dialog close={close} size={880} title={t('shell.keys_title')}>
      <div className={css.groups} tabIndex={-1} data-autofocus>
        {[...groups].map(([group, list]) => (
          <section key={group} aria-label={group}>
            <h3 className={css.group}>{group}</h3>
            <dl className={css.list}>
              {list.map((binding) => (
                <div key={binding.keys} className={css.row}>
                  <dt>
                    <Keys keys={binding.shownAs ?? binding.keys} />
                  </dt>
                  <dd>{binding.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
