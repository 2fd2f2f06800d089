"""Who works here. Only `agents.actions` and the admin's configuration pages write here."""

from agents.models.assignments import ChannelAssignment, ChannelAssignmentQuerySet
from agents.models.certificates import (
    MAX_VALID_DAYS,
    Certificate,
    CertificateKind,
    CertificateKindQuerySet,
    CertificateQuerySet,
    Evidence,
    Requirement,
)
from agents.models.departments import Channel, Department, DepartmentHours, DepartmentName, Language
from agents.models.desk import MAX_SEATS, Agent, AgentQuerySet, Membership, Presence, PresenceInterval
from agents.models.directory import OutsideBody
from agents.models.ladder import MAX_CHATS, EarlierRecord, LadderStanding, LadderStep
from agents.models.logins import LogIn, LogInQuerySet, LogInTry, OneTimeLink, RecoveryCode
from agents.models.people import Role, RoleGrant, User, UserManager, UserQuerySet
from agents.models.service import (
    MAX_NOTICE,
    BackupPerson,
    BackupPlan,
    BackupText,
    BackupTurn,
    Drill,
    Incident,
    IncidentText,
    in_language,
)

__all__ = [
    "MAX_CHATS",
    "MAX_NOTICE",
    "MAX_SEATS",
    "MAX_VALID_DAYS",
    "Agent",
    "AgentQuerySet",
    "BackupPerson",
    "BackupPlan",
    "BackupText",
    "BackupTurn",
    "Certificate",
    "CertificateKind",
    "CertificateKindQuerySet",
    "CertificateQuerySet",
    "Channel",
    "ChannelAssignment",
    "ChannelAssignmentQuerySet",
    "Department",
    "DepartmentHours",
    "DepartmentName",
    "Drill",
    "EarlierRecord",
    "Evidence",
    "Incident",
    "IncidentText",
    "LadderStanding",
    "LadderStep",
    "Language",
    "LogIn",
    "LogInQuerySet",
    "LogInTry",
    "Membership",
    "OneTimeLink",
    "OutsideBody",
    "Presence",
    "PresenceInterval",
    "RecoveryCode",
    "Requirement",
    "Role",
    "RoleGrant",
    "User",
    "UserManager",
    "UserQuerySet",
    "in_language",
]
