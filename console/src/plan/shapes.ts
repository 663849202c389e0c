/** What stands on a plan, as shapes. */
import type { DoorCondition } from '../api/types'

export type Shape = DoorCondition | 'asset' | 'camera'

const OCTAGON = 'M8 2h8l6 6v8l-6 6H8l-6-6V8z'
const DISC = 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16z'

/** A door's condition as a shape: what is round is as somebody wants it, what has corners is not. */
export const SHAPES: Record<Shape, string> = {
  normal: DISC,
  closed: DISC,
  open: `${DISC}M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8z`,
  unlocked: `${DISC}M12 6.500v11a5.500 5.500 0 0 0 0-11z`,
  scheduled: `${DISC}M11 7h2v4.500l3.500 2-1 1.700-4.500-2.600z`,
  locked: `${DISC}M7 10.500h10v3H7z`,
  lockdown: 'M12 2l8.500 3v6c0 5-3.700 9-8.500 11c-4.800-2-8.500-6-8.500-11V5zM8 10h8v3H8z',
  forced: OCTAGON,
  held: 'M12 2.500l10.500 18.500h-21z',
  fire: 'M13 1.500c.500 4.500 6 7 6 12.500a7 7 0 0 1-14 0c0-3 1.500-5 3-6.200c0 2 .8 3.200 2 3.700c-.500-3.500.5-7.500 3-10z',
  trouble: 'M1.500 3.500h21L12 21.500zM11 6.500v6h2v-6zM11 14v2h2v-2z',
  tamper: `${OCTAGON}M11 6v8h2V6zM11 16v2h2v-2z`,
  offline: 'M4 4h16v16H4zM7 7v10h10V7z',
  unknown: 'M12 2l10 10-10 10L2 12zM12 6l-6 6 6 6 6-6z',
  asset: 'M5 5h14v14H5z',
  camera: 'M3 7h12v10H3zM16 11l5-3.500v9L16 13z',
}
