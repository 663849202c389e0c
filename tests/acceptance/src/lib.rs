//! Nothing but tests lives here: the binary is tried as a black box over its real interfaces.
