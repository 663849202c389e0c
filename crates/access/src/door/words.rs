//! The words of doors: closed lists, each with one spelling.

use model::words;

pub use model::rights::{Asks, CredentialKind, Standing, Threat};

words! {
    /// Which way somebody wants to go.
    Direction {
        /// Into the zone that the door protects.
        Entry = "entry",
        /// Out of it, asked at a reader. Always granted.
        Exit = "exit",
        /// Out of it, by a button, a handle or a sensor. Always granted.
        RequestToExit = "request_to_exit",
    }
}

impl Direction {
    /// Whether this leads out: then nothing may refuse it.
    pub const fn is_egress(self) -> bool {
        match self {
            Self::Entry => false,
            Self::Exit | Self::RequestToExit => true,
        }
    }
}

words! {
    /// By what somebody has shown who they are.
    Factor {
        /// A card.
        Card = "card",
        /// Digits.
        Pin = "pin",
        /// A mobile credential.
        Mobile = "mobile",
        /// A reader's verdict on a body; never a template.
        Biometric = "biometric",
    }
}

words! {
    /// What somebody is to the organisation.
    PersonKind {
        /// Works here.
        Employee = "employee",
        /// Works here for another house.
        Contractor = "contractor",
        /// Comes for a day.
        Visitor = "visitor",
        /// Fire brigade, police, first aid.
        Responder = "responder",
    }
}

words! {
    /// What kind of zone a door leads into.
    ZoneClass {
        /// Anybody.
        Public = "public",
        /// Between outside and inside.
        Transitional = "transitional",
        /// Those who work there.
        Restricted = "restricted",
        /// What the house cannot do without.
        Critical = "critical",
        /// The fence.
        Perimeter = "perimeter",
        /// Beyond the fence.
        External = "external",
    }
}

words! {
    /// A person's open incidents.
    Incidents {
        /// None.
        None = "none",
        /// At least one, none critical.
        Open = "open",
        /// A critical one.
        Critical = "critical",
        /// Nobody has told.
        Unknown = "unknown",
    }
}

words! {
    /// What is known of the devices that a person uses.
    Posture {
        /// As the house wants them.
        Compliant = "compliant",
        /// Not so.
        NonCompliant = "non_compliant",
        /// Known to have none.
        NoDevice = "no_device",
        /// Nobody has told.
        Unknown = "unknown",
    }
}

words! {
    /// How current what we are told of a door's side of the world is.
    Freshness {
        /// Its source is heard.
        Fresh = "fresh",
        /// Its source is silent.
        Stale = "stale",
        /// Nobody watches it.
        Unknown = "unknown",
    }
}

words! {
    /// Where the badge world believes somebody to be, seen from a door.
    Presence {
        /// In the zone before this door.
        Here = "here",
        /// In the zone behind it already.
        Beyond = "beyond",
        /// In another zone.
        Elsewhere = "elsewhere",
        /// Out.
        Out = "out",
        /// Not known.
        Unknown = "unknown",
    }
}

words! {
    /// Whether the rights of a zone are as young as the zone asks for.
    Lease {
        /// They are.
        Current = "current",
        /// They are not.
        Expired = "expired",
    }
}

words! {
    /// What is left to do before a door opens.
    Step {
        /// Type the PIN.
        Pin = "pin",
        /// Show a biometric reader who you are, or type the PIN instead.
        StepUp = "step_up",
        /// A second person shows their credential.
        SecondPerson = "second_person",
        /// Somebody who may escort shows their credential.
        Escort = "escort",
    }
}

words! {
    /// Work on a door.
    Work {
        /// Technicians alone may enter, until it ends.
        Maintenance = "maintenance",
        /// All goes on as ever, and is recorded as a test.
        WalkTest = "walk_test",
    }
}

words! {
    /// What a fire input says.
    Fire {
        /// Nothing burns, and the panel is heard.
        Quiet = "quiet",
        /// The panel calls.
        Active = "active",
        /// The input is faulty: treated as active.
        Faulty = "faulty",
        /// The panel is quiet again, and nobody has reset it by hand.
        AwaitingReset = "awaiting_reset",
    }
}

impl Fire {
    /// Whether nothing may be locked and anti-passback rests.
    pub const fn releases(self) -> bool {
        match self {
            Self::Quiet => false,
            Self::Active | Self::Faulty | Self::AwaitingReset => true,
        }
    }
}
