import { useEffect, useState } from 'react'

/** A value once it has stayed the same for a while: for questions asked while somebody types. */
export function useSteady<T>(value: T, wait_ms: number): T {
  const [steady, setSteady] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSteady(value), wait_ms)
    return () => clearTimeout(timer)
  }, [value, wait_ms])
  return steady
}
