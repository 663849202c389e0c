/** What stands on a plan, as shapes. */
import type { DoorCondition } from '../api/types'

export type Shape = DoorCondition | 'asset' | 'camera'

/** A door's condition as a shape: a circle is well, everything else has corners. */
export const SHAPES: Record<Shape, string> = {
  normal: 'M12 4a8 8 0 1 1 0 16a8 8 0 1 1 0-16z',
  forced: 'M8 2h8l6 6v8l-6 6H8l-6-6V8z',
  held: 'M12 2.500l10.500 18.500h-21z',
  tamper: 'M8 2h8l6 6v8l-6 6H8l-6-6V8zM11 6v8h2V6zM11 16v2h2v-2z',
  offline: 'M4 4h16v16H4zM7 7v10h10V7z',
  unknown: 'M12 2l10 10-10 10L2 12zM12 6l-6 6 6 6 6-6z',
  asset: 'M5 5h14v14H5z',
  camera: 'M3 7h12v10H3zM16 11l5-3.500v9L16 13z',
}
