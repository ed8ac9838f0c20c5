//! What a customer command is decided with besides the customer: who, when, and what other streams say.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    approval::Assemblies, decision::StreamVersion, ids::ProductId, policy::InForce,
    product::Product, staff::Role, turn::Turn,
};

#[derive(Clone, Debug)]
pub struct Context {
    pub turn: Turn,
    /// The roles that the credential carries.
    pub roles: Vec<Role>,
    /// Who works here, for what wants approval.
    pub assemblies: Assemblies,
    /// Given where somebody enters what happened on an earlier day.
    pub business_date: Option<Backdated>,
    pub facts: Facts,
}

/// A business date in the past, and why it is entered only now.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = EnteredLate)]
pub struct Backdated {
    pub business_date: NaiveDate,
    pub reason: String,
}

/// What was read of other streams, each with its version.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub policy: Option<Arc<InForce>>,
    pub products: BTreeMap<ProductId, Arc<Product>>,
    pub reads: Vec<StreamVersion>,
}

/// What a checkpoint's question is heard with: under which command, on which days, and what other streams say.
#[derive(Clone, Copy, Debug)]
pub struct Hearing<'a> {
    pub command_id: Uuid,
    pub today: NaiveDate,
    pub business_date: NaiveDate,
    pub facts: &'a Facts,
}

impl Context {
    pub fn hearing(&self) -> Hearing<'_> {
        Hearing {
            command_id: self.turn.command_id,
            today: self.turn.today,
            business_date: self.business_date(),
            facts: &self.facts,
        }
    }

    /// The date of the business: the one given, else today.
    pub fn business_date(&self) -> NaiveDate {
        self.business_date.as_ref().map_or(self.turn.today, |given| given.business_date)
    }

    pub fn holds(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
