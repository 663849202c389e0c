export default function SignIn(_: { isAgain?: boolean }) { return null }
