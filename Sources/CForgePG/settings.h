#pragma once
extern void forge_settings_define(void);
